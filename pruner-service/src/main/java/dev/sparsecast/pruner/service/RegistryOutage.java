package dev.sparsecast.pruner.service;

import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** The schema registry could not be asked, so it is not known yet what a record is: to be tried again. */
final class RegistryOutage extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final int SERVER_ERROR = 500;

    RegistryOutage(Throwable cause) {
        super("the schema registry does not answer", cause);
    }

    /** Whether an error while reading a record is the registry's fault, not the record's. */
    static boolean isCauseOf(Throwable error) {
        for (@Nullable Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof RestClientException answer) {
                return answer.getStatus() >= SERVER_ERROR;
            }
            if (cause instanceof SocketException
                    || cause instanceof SocketTimeoutException
                    || cause instanceof UnknownHostException
                    || cause instanceof SSLException) {
                return true;
            }
        }
        return false;
    }
}
