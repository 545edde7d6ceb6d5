/** Hugging Face checkpoints: what a model is (config), its weights (safetensors), its tokenizer and its identity. */
@NullMarked
package dev.sparsecast.checkpoint;

import org.jspecify.annotations.NullMarked;
