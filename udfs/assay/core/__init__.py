"""The floor of the house: values, tasks, keys, settings, errors; imports nothing of ours."""
