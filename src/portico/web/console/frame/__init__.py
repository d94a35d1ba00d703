"""What every console page shares: the frame, forms, confirmations, conflicts and toasts."""
