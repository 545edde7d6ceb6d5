/** Questions that an instance answers from its stores over HTTP, or has answered by the instance that holds the key. */
@NullMarked
package dev.sparsecast.streams.query;

import org.jspecify.annotations.NullMarked;
