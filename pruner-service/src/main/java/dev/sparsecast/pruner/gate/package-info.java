/** Whether a candidate is good enough: perplexity on held-out prompts. */
@NullMarked
package dev.sparsecast.pruner.gate;

import org.jspecify.annotations.NullMarked;
