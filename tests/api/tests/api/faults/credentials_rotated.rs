//! The password changes again and again, and every session ends each time, so that all need the new one.

use rig::{Request, secrets};

use super::{assert_written_once, keyed_write, read, start, while_sessions_end};
use crate::fixture::Fixture;
use crate::rotation::{self, Role};
use crate::traffic::{Seen, Traffic};

const INSTANCES: u32 = 4;

/// Who the rotations are about, in turn: one role, or two that take turns.
struct Rotation<'w> {
    fixture: &'w Fixture,
    roles: Vec<Role<'w>>,
    secret: String,
}

impl<'w> Rotation<'w> {
    async fn of(fixture: &'w Fixture, roles: usize) -> Self {
        let mut created = Vec::new();
        for number in 0..roles {
            let name = format!("{}_{number}", fixture.database.name());
            created.push(Role::named(fixture, &name, "first").await);
        }
        let first = fixture.database_secret_of(&created[0].name, "first");
        let name = fixture.unique("under-traffic");
        Self {
            fixture,
            roles: created,
            secret: secrets::create(&name, &first).await.unwrap(),
        }
    }

    /// As Secrets Manager rotates: the next role gets a new password, and the secret says so then. A
    /// role that took turns keeps its old one until it is next again.
    async fn rotate(&self, number: usize) {
        let role = &self.roles[(number + 1) % self.roles.len()];
        let password = format!("rotated-{number}");
        role.set_password(&password).await;
        let value = self.fixture.database_secret_of(&role.name, &password);
        secrets::rotate(&self.secret, &value).await.unwrap();
    }

    async fn under_traffic(
        &self,
        function: &str,
        request: impl Fn(usize) -> Request + Send + Sync + 'static,
    ) -> Seen {
        let builder = rotation::function(self.fixture, function, &self.secret);
        let api = start(builder.instances(INSTANCES)).await;
        let traffic = Traffic::start(&api, 4, request);
        let rotate = async |number| self.rotate(number).await;
        while_sessions_end(self.fixture, traffic, INSTANCES, rotate).await
    }
}

#[tokio::test]
async fn no_request_fails_while_the_password_of_one_role_is_rotated() {
    let fixture = Fixture::new().await;
    let rotation = Rotation::of(&fixture, 1).await;
    let reads = rotation.under_traffic("users", read(&fixture)).await;
    reads.assert_no_failure("password of one role rotated ten times, reads");
}

#[tokio::test]
async fn no_request_fails_while_two_roles_take_turns() {
    let fixture = Fixture::new().await;
    let rotation = Rotation::of(&fixture, 2).await;
    let reads = rotation.under_traffic("users", read(&fixture)).await;
    reads.assert_no_failure("two roles rotated ten times in turn, reads");
}

#[tokio::test]
async fn no_write_fails_or_is_applied_twice_while_the_password_is_rotated() {
    let fixture = Fixture::new().await;
    let rotation = Rotation::of(&fixture, 2).await;
    let writes = rotation
        .under_traffic("bulk-create", keyed_write(&fixture))
        .await;
    writes.assert_no_failure("two roles rotated ten times in turn, writes with a key");
    assert_written_once(&fixture, &writes).await;
}
