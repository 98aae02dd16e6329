"""The Hugging Face Hub: its client, names of repositories, publishing."""
