"""The built-in rewards of post-training: form, likeness to the target, looks, and words that agree with the picture."""
