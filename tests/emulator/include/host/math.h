// Nothing beyond what the emulator predeclares.
