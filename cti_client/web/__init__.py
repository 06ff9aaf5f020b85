"""A page where people look at running tests. It only shows: nothing of it changes anything on a cycler.

polls -> `monitor` (what there is to show) -> `app` (the routes, behind `guard`) -> `static` (the page itself)
"""
