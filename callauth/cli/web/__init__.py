"""``callauth demo --web``: the page over the sandbox, beside a phone to play with."""
