// For build scripts that look for CUDA by this file. The emulator has no declarations for C programs.
#define CUDA_VERSION 13000
