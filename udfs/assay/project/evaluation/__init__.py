"""Answers held against golden rows: accuracy, comparison, the golden gate."""
