"""What every console page shares: the frame, forms, editing, conflicts and toasts."""
