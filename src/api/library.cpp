// libeinx is the layers and nothing else; CMake wants one source of its own.
