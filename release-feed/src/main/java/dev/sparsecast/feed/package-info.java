/** Releases for those who do not speak Kafka. */
@NullMarked
package dev.sparsecast.feed;

import org.jspecify.annotations.NullMarked;
