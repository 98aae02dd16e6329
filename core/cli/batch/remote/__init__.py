"""One photo's work done by a resident process, `veraretouch serve`: what is sent, what comes back, who sends it."""
