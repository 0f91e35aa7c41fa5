import java.io.File;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;

/**
 * Runs a name node and a data node with WebHDFS on loopback: java Hdfs.java FOLDER HTTP-PORT RPC-PORT. It ends when its standard input does, so a
 * test that is killed leaves none behind.
 */
public class Hdfs {
  public static void main(String[] parameters) throws Exception {
    Configuration settings = new Configuration();
    settings.set("dfs.namenode.http-bind-host", "127.0.0.1");
    MiniDFSCluster cluster =
        new MiniDFSCluster.Builder(settings, new File(parameters[0]))
            .nameNodeHttpPort(Integer.parseInt(parameters[1]))
            .nameNodePort(Integer.parseInt(parameters[2]))
            .numDataNodes(1)
            .build();
    cluster.waitActive();
    System.out.println("HDFS is ready");
    while (System.in.read() >= 0) {}
    Runtime.getRuntime().halt(0);
  }
}
