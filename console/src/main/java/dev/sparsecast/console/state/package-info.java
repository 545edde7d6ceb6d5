/** What the topics have said so far, in bounded memory and without Kafka. */
@NullMarked
package dev.sparsecast.console.state;

import org.jspecify.annotations.NullMarked;
