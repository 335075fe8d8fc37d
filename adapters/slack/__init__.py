"""Slack: the Events API or Socket Mode in, the Web API out.

In: `app` is the entrance, over HTTP (`verify`) or `socket`; `read` and `speech` make the core's
words of what came, and `answer` shows the reply. Out: `client` makes calls and tells what became
of each as a value, and `deliver` is `bot.ports.Platform`: letters, and the look-up of those that
may have arrived. Both say things in `render`, with the names of `control`, the commands of
`wording`, the sentences of `messages`, the seals of `seal` and within the limits of `limits`.
`installed`, `workspaces`, `oauth` and `exchange` know the tokens, `directory` the people,
`manifest` and `settings` what an administrator has to say.
"""
