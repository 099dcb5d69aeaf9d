"""Alerts: what is wrong, whether somebody was told already, in which words, and the sending."""
