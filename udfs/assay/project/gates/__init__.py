"""What must hold before rows go on: suites, their lock, and why a run is not green."""
