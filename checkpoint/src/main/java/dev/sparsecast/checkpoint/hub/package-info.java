/** Models by the id of a Hugging Face hub: found in its local cache, or downloaded to it. */
@NullMarked
package dev.sparsecast.checkpoint.hub;

import org.jspecify.annotations.NullMarked;
