"""The tests of faultd: every scenario does what its name says, and the bill is right."""
