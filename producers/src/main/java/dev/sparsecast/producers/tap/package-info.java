/** A tap on live traffic: copies of requests to an OpenAI-compatible server become prompts. */
@NullMarked
package dev.sparsecast.producers.tap;

import org.jspecify.annotations.NullMarked;
