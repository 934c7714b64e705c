//! Believable people from many places, always the same ones in the same order.

use std::collections::HashMap;

/// The names of one place, as `written:typed`; `typed` alone when both are the same but for the
/// capital. The typed form goes into usernames and addresses.
struct Names {
    given: &'static str,
    family: &'static str,
    family_comes_first: bool,
}

const PLACES: [Names; 12] = [
    Names {
        given: "olivia james amelia oliver isla harry maya noah margaret george zoe daniel",
        family: "smith jones taylor brown evans wilson walker hughes martin clarke O'Neill:oneill Smith-Jones:smithjones",
        family_comes_first: false,
    },
    Names {
        given: "anna lukas Jürgen:juergen sophie Jörg:joerg hannah maximilian Käthe:kaethe felix greta moritz martha",
        family: "schmidt Müller:mueller weber wagner becker Schäfer:schaefer koch Böhm:boehm wolf Groß:gross hartmann lange",
        family_comes_first: false,
    },
    Names {
        given: "camille hugo Chloé:chloe Léo:leo manon Théo:theo Zoé:zoe marie Jérôme:jerome lucie Anaïs:anais mathieu",
        family: "bernard dubois moreau laurent Lefèvre:lefevre roux girard bonnet Béranger:beranger mercier marchand Noël:noel",
        family_comes_first: false,
    },
    Names {
        given: "Lucía:lucia mateo Sofía:sofia diego valentina Andrés:andres camila Joaquín:joaquin Inés:ines marcos elena rafael",
        family: "García:garcia Martínez:martinez López:lopez Muñoz:munoz romero torres Núñez:nunez vega Ibáñez:ibanez ortega serrano marquez",
        family_comes_first: false,
    },
    Names {
        given: "João:joao beatriz Inês:ines tiago mariana rui Conceição:conceicao bruno letícia:leticia caio helena gustavo",
        family: "silva Gonçalves:goncalves souza pereira Magalhães:magalhaes costa Araújo:araujo barbosa Simões:simoes moreira teixeira Falcão:falcao",
        family_comes_first: false,
    },
    Names {
        given: "zofia Łukasz:lukasz zuzanna Michał:michal hanna Paweł:pawel Małgorzata:malgorzata tomasz Grażyna:grazyna jakub maria kacper",
        family: "nowak Wiśniewski:wisniewski Wójcik:wojcik Kamiński:kaminski Zieliński:zielinski mazur Dąbrowski:dabrowski Król:krol wieczorek Jabłoński:jablonski sikora Żak:zak",
        family_comes_first: false,
    },
    Names {
        given: "elif mehmet Ayşe:ayse emre Çağla:cagla can İrem:irem Ömer:omer zeynep Işıl:isil kerem Şule:sule",
        family: "Yılmaz:yilmaz kaya demir Çelik:celik Şahin:sahin Yıldız:yildiz Öztürk:ozturk aydin Kılıç:kilic arslan Doğan:dogan Güneş:gunes",
        family_comes_first: false,
    },
    Names {
        given: "Анна:anna Дмитро:dmytro Марія:mariia Олександр:oleksandr Софія:sofiia Андрій:andrii Наталія:nataliia Іван:ivan Олена:olena Максим:maksym",
        family: "Шевченко:shevchenko Бондаренко:bondarenko Коваленко:kovalenko Ткаченко:tkachenko Мельник:melnyk Кравець:kravets Лисенко:lysenko Гриценко:hrytsenko",
        family_comes_first: false,
    },
    Names {
        given: "美咲:misaki 翔太:shota 葵:aoi 陽菜:hina 大輔:daisuke 真理子:mariko 健:ken 直樹:naoki さくら:sakura 優:yu",
        family: "佐藤:sato 鈴木:suzuki 高橋:takahashi 田中:tanaka 渡辺:watanabe 伊藤:ito 山本:yamamoto 中村:nakamura 小林:kobayashi 丸山:maruyama",
        family_comes_first: true,
    },
    Names {
        given: "伟:wei 芳:fang 秀英:xiuying 娜:na 敏:min 静:jing 丽:li 强:qiang 明:ming 玛丽:mali",
        family: "王:wang 李:li 张:zhang 刘:liu 陈:chen 杨:yang 黄:huang 赵:zhao 吴:wu 马:ma",
        family_comes_first: true,
    },
    Names {
        given: "amina kwame zanele tendai chinedu wanjiru thabo ngozi mariam kofi nala sekou",
        family: "okafor mensah dlamini mwangi abubakar diallo banda adeyemi kamau toure nkosi marwa",
        family_comes_first: false,
    },
    Names {
        given: "priya arjun ananya rohan Śruti:shruti vikram lakshmi imran fatima sanjay meera tamar",
        family: "sharma patel singh iyer reddy khan gupta Śarmā:sarma chatterjee marathe bose kapoor",
        family_comes_first: false,
    },
];

/// Names that RFC 2606 reserves, so that no mail can reach a stranger.
const DOMAINS: [&str; 6] = [
    "example.com",
    "example.org",
    "example.net",
    "post.example",
    "nordwind.example",
    "universita.example",
];

/// One user to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) username: String,
    pub(crate) full_name: Option<String>,
    pub(crate) is_active: bool,
    pub(crate) is_superuser: bool,
}

/// An endless row of people with different usernames and addresses.
pub(crate) struct People {
    random: fastrand::Rng,
    places: Vec<Place>,
    /// How often a username was wished for; from the second time on it gets a number.
    wishes: HashMap<String, u32>,
}

struct Place {
    given: Vec<Name>,
    family: Vec<Name>,
    family_comes_first: bool,
}

struct Name {
    written: String,
    typed: &'static str,
}

impl People {
    /// Everybody from `number` on; those before are counted, so that names stay unique.
    pub(crate) fn from(number: u64) -> Self {
        let mut people = Self {
            random: fastrand::Rng::with_seed(7),
            places: PLACES.iter().map(Place::from).collect(),
            wishes: HashMap::new(),
        };
        for _ in 0..number {
            people.draw();
        }
        people
    }

    fn draw(&mut self) -> Person {
        let random = &mut self.random;
        let place = &self.places[random.usize(..self.places.len())];
        let given = &place.given[random.usize(..place.given.len())];
        let family = &place.family[random.usize(..place.family.len())];
        let wish = match random.u8(..8) {
            0..=3 => format!("{}.{}", given.typed, family.typed),
            4..=5 => format!("{}{}", &given.typed[..1], family.typed),
            6 => format!("{}_{}", family.typed, given.typed),
            _ => format!("{}{}", given.typed, random.u8(60..)),
        };
        let wishes = self.wishes.entry(wish.clone()).or_default();
        *wishes += 1;
        let username = match *wishes {
            1 => wish,
            // The hyphen keeps `kofi77`, second of its name, apart from the first `kofi772`.
            number if wish.ends_with(|last: char| last.is_ascii_digit()) => {
                format!("{wish}-{number}")
            }
            number => format!("{wish}{number}"),
        };
        let domain = DOMAINS[random.usize(..DOMAINS.len())];
        let (first, second) = if place.family_comes_first {
            (family, given)
        } else {
            (given, family)
        };
        Person {
            email: format!("{username}@{domain}"),
            full_name: (random.u8(..) >= 15)
                .then(|| format!("{} {}", first.written, second.written)),
            is_active: random.u16(..1000) >= 30,
            is_superuser: random.u16(..1000) == 0,
            username,
        }
    }
}

impl Iterator for People {
    type Item = Person;

    fn next(&mut self) -> Option<Person> {
        Some(self.draw())
    }
}

impl From<&Names> for Place {
    fn from(names: &Names) -> Self {
        let parse = |list: &'static str| list.split(' ').map(Name::parse).collect();
        Self {
            given: parse(names.given),
            family: parse(names.family),
            family_comes_first: names.family_comes_first,
        }
    }
}

impl Name {
    fn parse(entry: &'static str) -> Self {
        if let Some((written, typed)) = entry.split_once(':') {
            return Self {
                written: written.to_owned(),
                typed,
            };
        }
        let (first, rest) = entry.split_at(1);
        Self {
            written: first.to_uppercase() + rest,
            typed: entry,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn usernames_and_addresses_stay_unique() {
        let people: Vec<_> = People::from(0).take(200_000).collect();

        let usernames: HashSet<_> = people.iter().map(|person| &person.username).collect();
        let emails: HashSet<_> = people.iter().map(|person| &person.email).collect();

        assert_eq!((usernames.len(), emails.len()), (200_000, 200_000));
    }

    #[test]
    fn the_same_people_come_whether_in_one_run_or_in_two() {
        let at_once: Vec<_> = People::from(0).take(2_000).collect();
        let later: Vec<_> = People::from(1_500).take(500).collect();

        assert_eq!(at_once[1_500..], later);
    }
}
