"""The control API of the stand-in, below `/_portico/`: one module for each noun, and the guard."""
