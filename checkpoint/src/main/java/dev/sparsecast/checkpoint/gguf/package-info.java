/** GGUF files for llama.cpp: the format itself, and the importance matrix in it. */
@NullMarked
package dev.sparsecast.checkpoint.gguf;

import org.jspecify.annotations.NullMarked;
