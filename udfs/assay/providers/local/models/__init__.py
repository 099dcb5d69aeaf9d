"""Small offline models behind the `local` provider; start reading at `classifier.py`."""
