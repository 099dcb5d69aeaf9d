"""The fault tests of the engine: one for each row of the fault matrix, against faultd."""
