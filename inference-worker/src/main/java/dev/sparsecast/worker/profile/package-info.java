/** Activation statistics of prompts: per group and layer, with and without Kafka. */
@NullMarked
package dev.sparsecast.worker.profile;

import org.jspecify.annotations.NullMarked;
