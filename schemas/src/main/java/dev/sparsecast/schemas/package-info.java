/** What travels between the services: the records, their keys and the topics that carry them. */
@NullMarked
package dev.sparsecast.schemas;

import org.jspecify.annotations.NullMarked;
