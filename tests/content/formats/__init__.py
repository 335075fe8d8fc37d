"""Questions of other programs."""
