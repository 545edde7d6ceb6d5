package dev.sparsecast.cli.stack;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.server.ServerSocketFactory;

/**
 * Server sockets of a broker, bound before its configuration is written: a free port that was seen is then a port that is
 * held, and nobody can take it in between.
 */
final class BoundSockets implements ServerSocketFactory, AutoCloseable {
    private static final int BACKLOG = 50;

    private final Map<Integer, ServerSocketChannel> byPort = new ConcurrentHashMap<>();

    private final int brokerPort;
    private final int controllerPort;

    private BoundSockets(int port) {
        this.brokerPort = bind(port);
        this.controllerPort = bind(0);
    }

    /**
     * Binds a broker's and a controller's port of the loopback interface.
     *
     * @param port the broker's port, 0 for any free one
     */
    static BoundSockets reserve(int port) {
        return new BoundSockets(port);
    }

    int brokerPort() {
        return brokerPort;
    }

    int controllerPort() {
        return controllerPort;
    }

    private int bind(int port) {
        try {
            ServerSocketChannel channel = ServerSocketChannel.open();
            try {
                channel.bind(new InetSocketAddress(InetAddress.getByName(EmbeddedBroker.HOST), port), BACKLOG);
                int bound = channel.socket().getLocalPort();
                byPort.put(bound, channel);
                return bound;
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        } catch (BindException e) {
            throw new StackException(
                    StackException.Reason.BAD_INPUT,
                    "Port " + port + " of " + EmbeddedBroker.HOST
                            + " is in use or not allowed; stop what listens there or name another port.",
                    e);
        } catch (IOException e) {
            throw new StackException(StackException.Reason.FAILED, "Cannot open a server socket: " + e.getMessage(), e);
        }
    }

    @Override
    public ServerSocketChannel openServerSocket(
            String listenerName, InetSocketAddress address, int backlog, int receiveBufferBytes) throws IOException {
        ServerSocketChannel channel = byPort.remove(address.getPort());
        if (channel == null) {
            return ServerSocketFactory.INSTANCE.openServerSocket(listenerName, address, backlog, receiveBufferBytes);
        }
        channel.configureBlocking(false);
        return channel;
    }

    /** Closes what no broker has taken. */
    @Override
    public void close() throws IOException {
        for (ServerSocketChannel channel : byPort.values()) {
            channel.close();
        }
        byPort.clear();
    }
}
