create table t (id int primary key, d date not null, v text);
insert into t select g, date '2014-01-01' + g, 'v' || g from generate_series(1, 4000) g;
