"""Many frames of one message at once: numbers as numpy views, texts as dictionaries, aux values as lists.

Needs the extra ``columns`` (numpy, pyarrow), which is imported when it is used.
"""
