"""Console: `help` and `lang`."""

_LINES = ("status", "why", "devices", "bus", "alarms", "limits", "response", "log", "lang", "help", "end")


async def help(session, argument):
    for each in _LINES:
        await session.tell("help_" + each)


async def lang(session, argument):
    if argument in ("zh", "en"):
        session.console.language = 0 if argument == "zh" else 1
    await session.tell("lang")
