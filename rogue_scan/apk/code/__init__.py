"""What an app's code does: calls with resolved arguments, reachability, data flows, endpoints.

The one way in is :func:`rogue_scan.apk.code.analyse.analyse_code`::

    facts = analyse_code(dexes, app, resources)      # -> code.types.CodeFacts

``dexes`` are ``(name, bytes)`` pairs, ``app`` is what the manifest says
(:class:`~rogue_scan.apk.code.types.AppContext`), ``resources`` answers questions about resources,
assets, layouts and native strings (:class:`~rogue_scan.apk.code.types.Resources`). Rules match on the
``CodeFacts``; they are msgspec structs, so they can be stored and asked again.
"""
