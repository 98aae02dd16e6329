"""How much haze lies before a photo, and of what colour: a small network, its weights, and their card."""
