/** From the topics into the state. */
@NullMarked
package dev.sparsecast.console.feed;

import org.jspecify.annotations.NullMarked;
