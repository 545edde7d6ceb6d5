package dev.sparsecast.worker.device;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.engine.StandardCapabilities;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The PyTorch engine of this process. It is started on first use, from the native libraries on the class path and
 * without asking the network for anything; its threads are shared by every model of the process.
 */
public final class TorchEngine {
    private static final Logger LOG = LoggerFactory.getLogger(TorchEngine.class);
    private static final AtomicBoolean STARTED = new AtomicBoolean();

    /** Held for reading while the engine computes, and for writing, for ever, when the process ends. */
    private static final ReadWriteLock COMPUTING = new ReentrantReadWriteLock(true);

    private TorchEngine() {}

    /**
     * Starts the engine if it is not running yet, and sets its number of threads.
     *
     * @param threads threads inside one operation, for the whole process; 0 leaves them as they are (at first: one a core)
     * @throws IllegalStateException if the native library cannot be loaded
     */
    public static synchronized void start(int threads) {
        setIfAbsent("ai.djl.offline", "true");
        setIfAbsent("OPT_OUT_TRACKING", "true");
        setIfAbsent("ai.djl.pytorch.num_interop_threads", "1");
        try {
            Engine engine = Engine.getEngine("PyTorch");
            if (threads > 0 && JniUtils.getNumThreads() != threads) {
                JniUtils.setNumThreads(threads);
            }
            if (STARTED.compareAndSet(false, true)) {
                NativeHeap.keepFreedMemory();
                Runtime.getRuntime().addShutdownHook(new Thread(COMPUTING.writeLock()::lock, "engine-shutdown"));
                LOG.atInfo()
                        .addKeyValue("engine", engine.getEngineName() + " " + engine.getVersion())
                        .addKeyValue("threads", JniUtils.getNumThreads())
                        .log("Started the compute engine");
            }
        } catch (EngineException e) {
            throw new IllegalStateException(
                    "cannot start PyTorch: its native libraries need glibc on Linux x86_64 (not musl), a writable home"
                            + " directory for their cache, and --enable-native-access=ALL-UNNAMED",
                    e);
        }
    }

    /**
     * A manager of arrays on a device.
     *
     * @throws DeviceUnavailableException if there is no such GPU, or the engine has no support for GPUs
     */
    static NDManager manager(ComputeDevice device) {
        if (!device.isGpu()) {
            return NDManager.newBaseManager(Device.cpu(), "PyTorch");
        }
        Engine engine = Engine.getEngine("PyTorch");
        int number = device.gpu().getAsInt();
        if (!engine.hasCapability(StandardCapabilities.CUDA)) {
            throw new DeviceUnavailableException(
                    "cannot run on " + device + ": the PyTorch library of this installation is"
                            + " for CPUs only; put DJL's pytorch-native-cu128 on the class path on a machine with an NVIDIA GPU, or"
                            + " use --device cpu");
        }
        if (number >= engine.getGpuCount()) {
            throw new DeviceUnavailableException("there is no " + device + ": the engine sees " + engine.getGpuCount()
                    + " GPUs; use another --device");
        }
        return NDManager.newBaseManager(Device.gpu(number), "PyTorch");
    }

    /**
     * Computes something. When the process ends, it waits for what is being computed, and nothing more begins: the engine's
     * native destructors would otherwise free what its threads still use.
     */
    static <T> T call(Supplier<T> computation) {
        COMPUTING.readLock().lock();
        try {
            return computation.get();
        } finally {
            COMPUTING.readLock().unlock();
        }
    }

    private static void setIfAbsent(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }
}
