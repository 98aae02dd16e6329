"""Tools with which an assistant looks at photos and retouches them, over the Model Context Protocol."""
