"""What is fast enough, measured: ``pytest -m benchmark``. Not part of the usual run."""
