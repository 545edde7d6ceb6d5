/** The Kafka loop around it all. */
@NullMarked
package dev.sparsecast.pruner.service;

import org.jspecify.annotations.NullMarked;
