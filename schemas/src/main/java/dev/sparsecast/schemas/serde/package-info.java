/** Records to Avro in Confluent's wire format and back; the generated Avro classes stop here. */
@NullMarked
package dev.sparsecast.schemas.serde;

import org.jspecify.annotations.NullMarked;
