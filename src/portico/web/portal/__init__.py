"""The portal page as people open it."""
