"""Each question once, inside the limits: look-up, queue, rate limits, retries, budget."""
