/** Perplexity of a model on a list of prompts. */
@NullMarked
package dev.sparsecast.worker.evaluate;

import org.jspecify.annotations.NullMarked;
