/** The services as processes that are killed and paused at random while prompts flow, and an audit of what they then say. */
@NullMarked
package dev.sparsecast.it.faults;

import org.jspecify.annotations.NullMarked;
