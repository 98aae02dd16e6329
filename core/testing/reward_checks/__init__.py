"""The conformance checks of rewards, and the answers that they ask about."""
