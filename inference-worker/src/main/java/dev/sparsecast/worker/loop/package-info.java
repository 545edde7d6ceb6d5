/** The Kafka loop of the worker: prompts in, activation norms out, exactly once. */
@NullMarked
package dev.sparsecast.worker.loop;

import org.jspecify.annotations.NullMarked;
