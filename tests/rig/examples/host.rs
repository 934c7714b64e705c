//! Starts the echo function, prints the process ids of its instances and waits to be killed.

use std::time::Duration;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let function = rig::Function::builder("examples/echo")
        .instances(3)
        .start()
        .await?;
    let instances = function.instances();
    // A frozen process cannot notice that its host is gone, but the kernel wakes stopped processes
    // whose parent has died. It must have come to a stop for that.
    instances[2].freeze();
    tokio::time::sleep(Duration::from_millis(200)).await;
    for instance in instances {
        eprintln!("{}", instance.pid());
    }
    eprintln!();
    tokio::time::sleep(Duration::from_mins(1)).await;
    Ok(())
}
