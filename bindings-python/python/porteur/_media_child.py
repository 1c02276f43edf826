"""The program that a media child is: the interpreter of the host, this file, and the extension module alone.

Imported, it says so to the extension, which starts it when there is work for it. Started, it serves.
"""

import sys
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from os.path import basename

# Quick to start, and independent of what is installed: without site packages, the user's or the folder of this file.
_FLAGS = ["-S", "-s", "-P"]


def _name() -> None:
    from ._porteur import __file__ as extension, media_child

    # In a program that embeds Python or is frozen, this is the program, which would do its own work once more.
    if "python" in basename(sys.executable or "").lower() and not hasattr(sys, "frozen"):
        media_child(sys.executable, [*_FLAGS, __file__, extension])


def _serve(extension: str) -> None:
    loader = ExtensionFileLoader("_media_child", extension)
    module = loader.create_module(ModuleSpec("_media_child", loader, origin=extension))
    loader.exec_module(module)
    module.be_media_child()


if __name__ == "__main__":
    _serve(sys.argv[1])
else:
    _name()
