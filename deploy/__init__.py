"""What `make deploy` does besides `sam deploy`."""
