"""What editors and notebooks ask of a `.cat` file while it is written. Nothing here imports torch."""
